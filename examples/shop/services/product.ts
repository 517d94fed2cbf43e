import type {FastifyInstance} from 'fastify'
import {productOperations, type Product} from './contracts.ts'
import {application, type ServiceOptions} from './service.ts'

const products: ReadonlyMap<string, Product> = new Map([
  ['tea', {id: 'tea', name: 'Tea', price: 450}],
  ['mug', {id: 'mug', name: 'Mug', price: 1200}],
])

/** The catalogue. Version v2, the canary, recommends what goes with a product. */
export async function productService(options: ServiceOptions): Promise<FastifyInstance> {
  const app = await application('product-service', options, productOperations)

  app.get<{Params: {id: string}}>('/products/:id', (request, reply) => {
    const product = products.get(request.params.id)
    if (product === undefined) return reply.code(404).send({error: 'NO_SUCH_PRODUCT'})
    if (options.version === 'v1') return product
    return {...product, recommended: [...products.keys()].filter((id) => id !== product.id)}
  })
  return app
}
